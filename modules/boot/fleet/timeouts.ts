/**
 * How long each part of a landing may take before its machine is flagged. Soft: by itself none of them ends anything;
 * somebody looks.
 */
export interface SoftTimeouts {
  /** Seconds from the machine's first boot request until its installation has ended. */
  readonly install: number;
  /** Seconds from power-on (or the end of the installation) until it is heard of: firmware tests memory for long. */
  readonly reboot: number;
  /** Seconds from its system's start until its node is Ready. */
  readonly join: number;
}

/** For real machines. */
export const softTimeouts: SoftTimeouts = { install: 30 * 60, reboot: 40 * 60, join: 60 * 60 };

/** A machine that is silent for this part of `reboot` is worth a look at its cable, long before it is flagged. */
export const quietPart = 1 / 4;
