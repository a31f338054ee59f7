// A caller in TypeScript: its types come from openapi.json, and the compiler holds every path, member and state
// below against them.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Plan = components["schemas"]["Plan"];
type Deployment = components["schemas"]["Deployment"];
type Problem = components["schemas"]["Problem"];

const FINAL: Deployment["state"][] = ["succeeded", "rolled-back", "failed", "canceled"];
const WAIT_SECONDS = 10;

/** What a call came to; a problem is thrown, by its stable code. */
function take<T>({ data, error }: { data?: T; error?: Problem }): T {
  if (data === undefined) throw new Error(`${error?.code}: ${error?.detail ?? error?.title}`);
  return data;
}

export function connect(url: string, token: string) {
  const api = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });

  async function plan(app: components["schemas"]["Definition"], reason: string): Promise<Plan> {
    return take(await api.POST("/v1/plans", { body: { strategy: "rolling", app, reason } }));
  }
  async function start({ id, digest }: Plan): Promise<Deployment> {
    return take(await api.POST("/v1/deployments", { body: { planId: id, digest } }));
  }
  /** Its last state; `seen` hears of each one on the way. */
  async function follow(id: string, seen: (deployment: Deployment) => void, endMs: number): Promise<Deployment> {
    let tag: string | undefined;
    for (const end = Date.now() + endMs; Date.now() < end; ) {
      const answer = await api.GET("/v1/deployments/{id}", {
        params: { path: { id }, header: { Prefer: `wait=${WAIT_SECONDS}`, "If-None-Match": tag } },
      });
      if (answer.response.status === 304) continue;
      const now = take(answer);
      seen(now);
      if (FINAL.includes(now.state)) return now;
      tag = answer.response.headers.get("ETag") ?? undefined;
    }
    throw new Error(`${id} has not ended in ${endMs} ms`);
  }
  async function versions(appId: string): Promise<number> {
    return take(await api.GET("/v1/apps/{appId}", { params: { path: { appId } } })).versions.length;
  }
  return { plan, start, follow, versions };
}
