export { freePorts } from "../../modules/kubernetes/testing.ts";
