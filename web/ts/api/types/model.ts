/** Shapes of `models`. */

/** The model that is loaded. */
export interface Model {
  /** Its name, which `model` may say in a request. */
  id: string;
  object: "model";
  /** When it was loaded, in seconds since 1970. */
  created: number;
  owned_by: string;
}

/** The list of the one model. */
export interface ModelList {
  object: "list";
  data: Model[];
}
