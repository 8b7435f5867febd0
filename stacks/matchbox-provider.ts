// Bindings for poseidon/matchbox 0.5.4: the part that Landfall uses, by hand, since a generate step and 750 generated
// lines would say no more. matchbox-provider.peer.test.ts holds them against the provider's own schema.
import { type TerraformMetaArguments, TerraformProvider, TerraformResource } from "cdktf";
import type { Construct } from "constructs";

const generator = { providerName: "matchbox", providerVersionConstraint: "0.5.4" };

/** The full address: the short form would resolve elsewhere under OpenTofu. */
const source = "registry.terraform.io/poseidon/matchbox";

export interface MatchboxProviderConfig {
  /** HOST:PORT of Matchbox's gRPC API. */
  readonly endpoint: string;
  /** PEM text; give `${file("...")}`, so that the key itself is in no file of Terraform's. */
  readonly clientCert: string;
  readonly clientKey: string;
  readonly ca: string;
}

export class MatchboxProvider extends TerraformProvider {
  private readonly config: MatchboxProviderConfig;

  constructor(scope: Construct, id: string, config: MatchboxProviderConfig) {
    super(scope, id, {
      terraformResourceType: "matchbox",
      terraformGeneratorMetadata: generator,
      terraformProviderSource: source,
    });
    this.config = config;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    const { endpoint, clientCert, clientKey, ca } = this.config;
    return { endpoint, client_cert: clientCert, client_key: clientKey, ca };
  }
}

/** Every change of a profile replaces it: deleted, then created. */
export interface MatchboxProfileConfig extends Pick<TerraformMetaArguments, "dependsOn"> {
  readonly name: string;
  readonly kernel: string;
  readonly initrd: readonly string[];
  readonly args: readonly string[];
  readonly rawIgnition: string;
}

export class MatchboxProfile extends TerraformResource {
  private readonly config: MatchboxProfileConfig;

  constructor(scope: Construct, id: string, config: MatchboxProfileConfig) {
    const { dependsOn, ...own } = config;
    super(scope, id, {
      terraformResourceType: "matchbox_profile",
      terraformGeneratorMetadata: generator,
      ...(dependsOn && { dependsOn }),
    });
    this.config = own;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    const { rawIgnition, ...same } = this.config;
    return { ...same, raw_ignition: rawIgnition };
  }
}

/** Maps may be an expression that yields one. */
export interface MatchboxGroupConfig extends Pick<TerraformMetaArguments, "dependsOn"> {
  readonly name: string;
  readonly profile: string;
  readonly selector: Readonly<Record<string, string>> | string;
  readonly metadata: Readonly<Record<string, string>> | string;
}

export class MatchboxGroup extends TerraformResource {
  private readonly config: MatchboxGroupConfig;

  constructor(scope: Construct, id: string, config: MatchboxGroupConfig) {
    const { dependsOn, ...own } = config;
    super(scope, id, {
      terraformResourceType: "matchbox_group",
      terraformGeneratorMetadata: generator,
      ...(dependsOn && { dependsOn }),
    });
    this.config = own;
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return { ...this.config };
  }
}
