export const steps = ["release", "power", "deliver", "addons", "health", "retire"] as const;
export type Step = (typeof steps)[number];
