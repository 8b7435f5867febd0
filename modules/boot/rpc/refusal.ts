// A LandfallError on its way over gRPC: the code that every client knows, and all that it says as a detail.
import { Code, ConnectError } from "@connectrpc/connect";
import { LandfallError } from "../../spec/error.ts";
import { RefusalSchema } from "./generated/landfall_pb.ts";

const codes: Readonly<Record<string, Code>> = {
  "unknown-machine": Code.NotFound,
  "already-installed": Code.AlreadyExists,
  "in-service": Code.FailedPrecondition,
  "machine-taken": Code.FailedPrecondition,
  "order-running": Code.FailedPrecondition,
  "request-invalid": Code.InvalidArgument,
  "store-key": Code.InvalidArgument,
  "store-full": Code.ResourceExhausted,
  "store-unreachable": Code.Unavailable,
  "record-broken": Code.DataLoss,
  "document-unreadable": Code.DataLoss,
  "not-ready": Code.Unavailable,
};

/** What is no LandfallError is nobody's business: it is answered as internal, without its text. */
export function toConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  if (!(error instanceof LandfallError)) return new ConnectError("internal error", Code.Internal);
  const { code, message, details } = error;
  const { found, expected, next } = details;
  const value = {
    code,
    message,
    ...(found !== undefined && { found }),
    ...(expected !== undefined && { expected }),
    ...(next !== undefined && { next }),
  };
  return new ConnectError(message, codes[code] ?? Code.Unknown, undefined, [{ desc: RefusalSchema, value }]);
}

/** The error as the service made it; one of the connection names the endpoint. */
export function toLandfallError(cause: unknown, endpoint: string): LandfallError {
  const error = ConnectError.from(cause);
  const [refusal] = error.findDetails(RefusalSchema);
  if (refusal !== undefined) {
    const { code, message, found, expected, next } = refusal;
    return new LandfallError(code, message, {
      ...(found !== undefined && { found }),
      ...(expected !== undefined && { expected }),
      ...(next !== undefined && { next }),
      cause,
    });
  }
  if (error.code === Code.Unimplemented) {
    return new LandfallError("boot-service-foreign", `the boot service at ${endpoint} takes no orders`, {
      found: error.rawMessage,
      expected: "Landfall's own boot service (landfall boot serve)",
      next: "say `boot: {service: matchbox}` in site.yaml, or start Landfall's there",
      cause,
    });
  }
  return new LandfallError("boot-service-unreachable", `the boot service at ${endpoint} gives no answer`, {
    found: error.message,
    expected: "gRPC with mutual TLS",
    next: "see whether it runs, and whether it trusts the client certificate that site.yaml names",
    cause,
  });
}
