// What the contract does not have: the compiler must refuse each line, or it fails here.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const api = createClient<paths>({ baseUrl: "/" });

// @ts-expect-error no deployment is in such a state
export const state: components["schemas"]["Deployment"]["state"] = "done";
// @ts-expect-error there is no such path
export const path = api.GET("/v1/deployment", {});
// @ts-expect-error a plan's digest goes with its id
export const undigested = api.POST("/v1/deployments", { body: { planId: "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b" } });
// @ts-expect-error a decision is one word of two
export const decision: components["schemas"]["DecisionRequest"] = { decision: "maybe" };
