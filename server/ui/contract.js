// The API's own document: what an operation does, and what its request looks like. Read when first needed.
import { get } from "./api.js";

let document_ = null;

export function contract() {
  document_ ??= get("/openapi.json").catch((problem) => {
    document_ = null;
    throw problem;
  });
  return document_;
}

function follow(all, schema) {
  if (!schema?.$ref) return schema;
  const target = schema.$ref.slice(2).split("/").reduce((node, key) => node?.[key], all);
  return { ...follow(all, target), ...(schema.description ? { description: schema.description } : {}) };
}

// References resolved for the few levels that a form shows.
function plain(all, schema, depth = 6) {
  const here = follow(all, schema);
  if (!here || depth === 0) return here;
  const result = { ...here };
  if (here.properties) result.properties = Object.fromEntries(Object.entries(here.properties).map(([key, one]) => [key, plain(all, one, depth - 1)]));
  if (here.items) result.items = plain(all, here.items, depth - 1);
  return result;
}

// What a program has to know of statuses and members is nothing for people.
const forPeople = (text) => text.split(/(?<=\.)\s+/).filter((sentence) => !/`|\b[45]\d\d\b/.test(sentence)).join(" ");

/** @return {summary, description, schema}: schema of the JSON body, or null */
export async function operation(method, path) {
  const all = await contract();
  const found = all.paths[path][method.toLowerCase()];
  const schema = found.requestBody?.content["application/json"]?.schema;
  return { summary: found.summary, description: forPeople(found.description), schema: schema ? plain(all, schema) : null };
}

/** A schema by its name. */
export async function schemaNamed(name) {
  const all = await contract();
  return plain(all, { $ref: `#/components/schemas/${name}` });
}
