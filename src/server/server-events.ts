import { EventEmitter } from "node:events";
import { type Observation, type Said, saidOf } from "../broker/observation.ts";

type ObservationEvents = {
  readonly [Kind in Observation["kind"]]: [details: Said<Extract<Observation, { kind: Kind }>>];
};

/** Rare moments in the life of a server, and what each event says. */
export interface ServerEvents extends ObservationEvents {
  /** The store takes new work, or refuses it. */
  readonly storeState: [state: "ready" | "refusing"];
  /** The server cannot go on and has let go of everything; `closed` is rejected with the same error. */
  readonly failed: [error: unknown];
}

/** Tells a program what happened, always from a microtask: never while the broker works. */
export class ServerEmitter extends EventEmitter<ServerEvents> {
  /** An observation, if anybody listens. */
  observed(observation: Observation): void {
    const { kind } = observation;
    if (this.listenerCount(kind) === 0) return;
    const details = saidOf(observation);
    queueMicrotask(() => this.emit(kind, ...([details] as never)));
  }

  storeStateChanged(state: "ready" | "refusing"): void {
    queueMicrotask(() => this.emit("storeState", state));
  }

  hasFailed(error: unknown): void {
    queueMicrotask(() => this.emit("failed", error));
  }
}
