/** What the address asks for: `model` is an address; `subgroups=off` and `f16=off` are for tests; `bench` is for measuring. */

const query = new URLSearchParams(location.search);

/** The model that the page loads by itself. */
export const DEFAULT_MODEL = "models/SmolLM2-135M-Instruct.Q4_1.gguf";

export const model = query.get("model") ?? DEFAULT_MODEL;
export const isBench = query.has("bench");
export const features = { subgroups: query.get("subgroups") !== "off", f16: query.get("f16") !== "off" };
