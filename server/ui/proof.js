// What a step rests on: what was seen of Marathon and of every balancer when it ended.
import { h } from "./dom.js";
import { facts } from "./parts.js";
import { actor, clock, figure, percent } from "./words.js";

const servers = (side) => side && side.servers > 0
  ? `${figure(side.up)} of ${figure(side.servers)} up, weight ${side.weightMin === side.weightMax ? side.weightMin : `${side.weightMin}–${side.weightMax}`}, ${figure(side.sessions)} under way${side.queue ? `, ${figure(side.queue)} queued` : ""}`
  : "none";

function balancer(one) {
  if (!one.reachable) return h("li", null, h("strong", null, one.name), " did not answer");
  return h("li", null, h("strong", null, one.name), facts(
    one.share !== undefined && ["Share of the new version", percent(one.share)], ["Old servers", servers(one.old)], ["New servers", servers(one.new)], one.leaving?.servers > 0 && ["Leaving", servers(one.leaving)]));
}

const app = (seen) => seen && (seen.exists ? `${figure(seen.healthy)} of ${figure(seen.total)} healthy, ${figure(seen.ready)} ready${seen.outdated ? `, ${figure(seen.outdated)} of earlier definitions` : ""}${seen.locked ? ", held by a Marathon deployment" : ""}` : "not there");

/** @return the step's evidence as elements, or null before it has ended */
export function proofOf(step) {
  const seen = step.evidence;
  if (!seen || !step.endedAt) return null;
  return h("div", { class: "proof" },
    seen.cause && h("p", null, h("strong", null, seen.text ?? seen.cause)),
    facts(["Ended", clock(step.endedAt)], seen.rule && ["Rule", h("code", null, seen.rule)], seen.marathon && ["Old app in Marathon", app(seen.marathon.old)], seen.marathon && ["New app in Marathon", app(seen.marathon.new)],
      seen.share && ["Share", `${percent(seen.share.achieved)} of ${percent(seen.share.wanted)} wanted`],
      seen.decisions && ["Decided by", seen.decisions.map((one) => `${actor(one.by)} (${one.decision})`).join(", ")]),
    seen.balancers?.length > 0 && h("ul", { class: "plain-list" }, seen.balancers.map(balancer)));
}
