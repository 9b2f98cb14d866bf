/** Why a store did not do what it was asked. */
export class StoreError extends Error {
  /** What is on disk is not known: trying again is of no use, the process has to start anew. */
  readonly final: boolean;

  constructor(message: string, final: boolean, cause: unknown) {
    super(message, { cause });
    this.name = "StoreError";
    this.final = final;
  }
}
