// Matchbox's gRPC services. Its clients branch on its codes and show its messages, so both are the same: whatever its
// store says is Unknown. What Landfall alone refuses, because a machine would boot nothing or the wrong thing from it, is
// InvalidArgument with the reason.
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { translate, validate } from "@landfall/ignition";
import { LandfallError } from "../../spec/error.ts";
import {
  type Catalog,
  type CatalogKind,
  type Group,
  mistyped,
  type Profile,
  parseGroup,
  parseProfile,
  writeGroup,
  writeProfile,
} from "../catalog/index.ts";
import { isObject, parseJson, writeJson } from "../go/json.ts";
import { textOf } from "../go/text.ts";
import { compareFiles } from "../selection/rule.ts";
import type { BootStore } from "../store/types.ts";
import { checkTemplate } from "../template/index.ts";
import {
  Generic,
  type Group as GroupMessage,
  GroupSchema,
  Groups,
  Ignition,
  NetBootSchema,
  type Profile as ProfileMessage,
  ProfileSchema,
  Profiles,
  Select,
} from "./generated/matchbox_pb.ts";
import { toConnectError } from "./refusal.ts";

export interface MatchboxRoutesOptions {
  readonly store: BootStore;
  readonly catalog: Catalog;
  /** Named in messages about missing documents, as Matchbox names its files. */
  readonly dataPath: string;
}

export function matchboxRoutes(options: MatchboxRoutesOptions): (router: ConnectRouter) => void {
  const { catalog } = options;
  const groups = documents(options, "groups", ".json");
  const profiles = documents(options, "profiles", ".json");
  const ignition = documents(options, "ignition");
  const generic = documents(options, "generic");
  const select = (labels: Readonly<Record<string, string>>) => {
    catalog.check();
    const entries = Object.entries(labels);
    const group = entries.length === 0 ? catalog.selectDefault() : catalog.select(new Map(entries));
    if (group === undefined) throw new ConnectError("matchbox: No matching Group", Code.NotFound);
    return group;
  };

  return (router) => {
    router.service(Groups, {
      groupPut: ({ group }) =>
        answered(async () => {
          if (group === undefined || group.id === "") throw unknown("Id is required");
          if (group.profile === "") throw unknown("Group requires a Profile");
          const file = Buffer.from(writeGroup(fromGroupMessage(group)));
          checked("group", () => parseGroup(group.id, file));
          await groups.put(group.id, file);
          return {};
        }),
      groupGet: ({ id }) =>
        answered(async () => {
          const file = await groups.get(id);
          return { group: toGroupMessage(read(() => parseGroup(id, file))) };
        }),
      groupDelete: ({ id }) => answered(() => groups.delete(id)),
      groupList: () =>
        answered(async () => ({
          groups: (await groups.list(parseGroup)).map((each) => toGroupMessage(each)),
        })),
    });
    router.service(Profiles, {
      profilePut: ({ profile }) =>
        answered(async () => {
          if (profile === undefined || profile.id === "") throw unknown("Id is required");
          checkBoot(profile);
          await profiles.put(profile.id, Buffer.from(writeProfile({ ...profile, boot: profile.boot })));
          return {};
        }),
      profileGet: ({ id }) =>
        answered(async () => {
          const file = await profiles.get(id);
          const profile = read(() => parseProfile(file));
          if (profile.id === "") throw unknown("Id is required");
          return { profile: toProfileMessage(profile) };
        }),
      profileDelete: ({ id }) => answered(() => profiles.delete(id)),
      profileList: () =>
        answered(async () => {
          const all = await profiles.list((_, bytes) => parseProfile(bytes));
          return { profiles: all.filter(({ id }) => id !== "").map(toProfileMessage) };
        }),
    });
    router.service(Ignition, {
      ignitionPut: ({ name, config }) =>
        answered(async () => {
          checkIgnition(name, config);
          await ignition.put(name, config);
          return {};
        }),
      ignitionGet: ({ name }) => answered(async () => ({ config: await ignition.get(name) })),
      ignitionDelete: ({ name }) => answered(() => ignition.delete(name)),
    });
    router.service(Generic, {
      genericPut: ({ name, config }) =>
        answered(async () => {
          const refused = checkTemplate(textOf(config));
          if (refused !== undefined)
            throw invalid(`${name} is no template that can be rendered here: ${refused}`);
          await generic.put(name, config);
          return {};
        }),
      genericGet: ({ name }) => answered(async () => ({ config: await generic.get(name) })),
      genericDelete: ({ name }) => answered(() => generic.delete(name)),
    });
    router.service(Select, {
      selectGroup: ({ labels }) => answered(async () => ({ group: toGroupMessage(select(labels)) })),
      selectProfile: ({ labels }) =>
        answered(async () => {
          const profile = catalog.profile(select(labels).profile);
          if (profile === undefined) throw new ConnectError("matchbox: No matching Profile", Code.NotFound);
          return { profile: toProfileMessage(profile) };
        }),
    });
  };
}

/** A kind's documents. What is written is what is served, once it has been answered. */
function documents({ store, catalog, dataPath }: MatchboxRoutesOptions, kind: CatalogKind, suffix = "") {
  const missing = (verb: string, key: string) =>
    unknown(`${verb} ${dataPath}/${kind}/${key}${suffix}: no such file or directory`);
  return {
    async put(key: string, bytes: Uint8Array): Promise<void> {
      await store.put(kind, key, bytes);
      await catalog.refresh(kind, key);
    },
    async get(key: string): Promise<Uint8Array> {
      const entry = await store.get(kind, key);
      if (entry === undefined) throw missing("open", key);
      return entry.bytes;
    },
    async delete(key: string): Promise<object> {
      const was = await store.delete(kind, key);
      await catalog.refresh(kind, key);
      if (!was) throw missing("remove", key);
      return {};
    },
    /** Without those that cannot be read. */
    async list<T>(parse: (key: string, bytes: Uint8Array) => T): Promise<readonly T[]> {
      const entries = (await store.list(kind)).map((entry) => ({ ...entry, selector: new Map() }));
      return entries.sort(compareFiles).flatMap(({ key, bytes }) => {
        try {
          return [parse(key, bytes)];
        } catch (error) {
          if (error instanceof LandfallError) return [];
          throw error;
        }
      });
    },
  };
}

async function answered<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toConnectError(error);
  }
}

function unknown(message: string): ConnectError {
  return new ConnectError(message, Code.Unknown);
}

function invalid(message: string): ConnectError {
  return new ConnectError(message, Code.InvalidArgument);
}

/** A document that is there and broken. */
function read<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof LandfallError ? unknown(error.message) : error;
  }
}

/** What Matchbox writes, and then never reads. */
function checked(what: string, parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    if (!(error instanceof LandfallError)) throw error;
    throw invalid(`this ${what} would select nothing: ${error.message}`);
  }
}

/** In a boot script each is a word of one line. */
function checkBoot({ boot }: ProfileMessage): void {
  const words = { kernel: [boot?.kernel ?? ""], initrd: boot?.initrd ?? [], args: boot?.args ?? [] };
  for (const [name, texts] of Object.entries(words)) {
    const broken = texts.find((text) => /[\0\n\r]/.test(text));
    if (broken !== undefined)
      throw invalid(
        `boot.${name} has a line break, after which boot scripts would go on with another command; ` +
          `found ${JSON.stringify(broken.slice(0, 80))}`,
      );
  }
}

function checkIgnition(name: string, config: Uint8Array): void {
  if (!/\.(?:ign|ignition)$/.test(name))
    throw invalid(
      `${name} is no Ignition config by its name: expected NAME.ign; translate Butane configs before`,
    );
  const verdict = validate(config);
  if (!verdict.valid) throw invalid(`${name} is no valid Ignition config: ${verdict.reason}`);
  if (translate(config) === undefined)
    throw invalid(
      `${name} is of version ${verdict.version}, and configs are served as 3.4.0: expected 3.0.0 to 3.4.0`,
    );
}

function fromGroupMessage({ id, name, profile, selector, metadata }: GroupMessage): Omit<Group, "key"> {
  const json = metadata.length === 0 ? null : read(() => parseJson(metadata));
  if (json !== null && !isObject(json))
    throw unknown(mistyped("value of type map[string]interface {}", json).message);
  return { id, name, profile, selector: new Map(Object.entries(selector)), metadata: json ?? undefined };
}

function toGroupMessage({ id, name, profile, selector, metadata }: Group): GroupMessage {
  return create(GroupSchema, {
    id,
    name,
    profile,
    selector: Object.fromEntries(selector),
    metadata: metadata === undefined ? new Uint8Array() : Buffer.from(writeJson(metadata)),
  });
}

function toProfileMessage({ boot, ...profile }: Profile | ProfileMessage): ProfileMessage {
  const { id, name, ignitionId, cloudId, genericId } = profile;
  return create(ProfileSchema, {
    ...{ id, name, ignitionId, cloudId, genericId },
    ...(boot && {
      boot: create(NetBootSchema, { kernel: boot.kernel, initrd: [...boot.initrd], args: [...boot.args] }),
    }),
  });
}
