// Which version of a cluster holds a machine, and how it goes from one to the next. Pure: where claims are kept is the
// caller's affair.
export { type Allotment, allot, type LeftOut, requireMasters, type Version, whyLeftOut } from "./allot.ts";
export { checkHandover, type HandoverFacts, type Written } from "./check.ts";
export {
  type Claim,
  type Claims,
  claimed,
  type Handover,
  isLeaving,
  type Stage,
  stages,
  standsIn,
  wayText,
} from "./claim.ts";
export { derive, type Holding } from "./derive.ts";
export {
  type Book,
  type Departure,
  depart,
  type Failed,
  type HandoverWorld,
  handOver,
  handOverLast,
  incomplete,
  turnBack,
  type Wave,
} from "./handover.ts";
