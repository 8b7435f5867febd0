/** An error that a caller, or a person, can act on: what was found, what was expected, what to do next. */
export class LandfallError extends Error {
  /** Stable, kebab-case: `release-not-built`, `machine-silent`, ... Callers branch on this, never on the text. */
  readonly code: string;
  readonly details: ErrorDetails;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "LandfallError";
    this.code = code;
    this.details = details;
  }
}

export interface ErrorDetails {
  readonly found?: string;
  readonly expected?: string;
  /** The next action, as a sentence or a command. */
  readonly next?: string;
  readonly cause?: unknown;
}
