/** A machine in memory: what its power does to it, whoever asks. */
export interface FakeMachine {
  on: boolean;
  networkOnce: boolean;
  starts: number;
  networkStarts: number;
  console: string;
  /** No effect on one that is on. */
  readonly start: () => void;
}

export function fakeMachine(console = ""): FakeMachine {
  const machine: FakeMachine = {
    on: false,
    networkOnce: false,
    starts: 0,
    networkStarts: 0,
    console,
    start() {
      if (machine.on) return;
      machine.on = true;
      machine.starts += 1;
      if (machine.networkOnce) machine.networkStarts += 1;
      machine.networkOnce = false;
    },
  };
  return machine;
}
