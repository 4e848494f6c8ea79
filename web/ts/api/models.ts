/** `models`: the one model that is loaded. */

import { unixSeconds } from "./head.js";
import { modelNotFound } from "./refusals.js";
import type { Runner } from "./runner.js";
import type { Model, ModelList } from "./types/model.js";

/** What `motet.models` is. */
export class Models {
  readonly #runner: Runner;
  readonly #created = unixSeconds();

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  /** A list of the loaded model. */
  async list(): Promise<ModelList> {
    return { object: "list", data: [this.#model()] };
  }

  /** The loaded model by its name; another name rejects with a `MotetError` of code "model_not_found". */
  async retrieve(id: string): Promise<Model> {
    const model = this.#model();
    if (id !== model.id) throw modelNotFound(id, model.id);
    return model;
  }

  #model(): Model {
    return { id: this.#runner.model.name, object: "model", created: this.#created, owned_by: "motet" };
  }
}
