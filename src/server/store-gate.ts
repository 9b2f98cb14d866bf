/** Who may say that the store takes nothing new: its last commit, or the space that is left to it. */
type Objector = "commit" | "space";

/** Whether the store takes new work: it does while nobody objects. */
export class StoreGate {
  readonly #changed: (state: "ready" | "refusing") => void;
  readonly #objectors: Set<Objector> = new Set();

  constructor(changed: (state: "ready" | "refusing") => void) {
    this.#changed = changed;
  }

  get isReady(): boolean {
    return this.#objectors.size === 0;
  }

  /** Says it once when it comes to refusing, and once when it is ready again. */
  set(objector: Objector, state: "ready" | "refusing"): void {
    const objected = this.#objectors.size;
    if (state === "refusing") this.#objectors.add(objector);
    else this.#objectors.delete(objector);
    const objects = this.#objectors.size;
    if (objected === 0 && objects > 0) this.#changed("refusing");
    else if (objected > 0 && objects === 0) this.#changed("ready");
  }
}
