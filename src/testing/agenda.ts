import { Deadlines } from "../base/deadlines.ts";

/** Something that happens at its time. */
export interface Appointment {
  readonly act: () => Promise<void> | void;
}

/**
 * Everything that is going to happen, in virtual time. What falls on the same millisecond happens in the order in which it
 * was put down, so a run is the same every time.
 */
export class Agenda {
  readonly #appointments: Deadlines<Appointment> = new Deadlines();
  #now: number;

  /** @param now where time begins, ms */
  constructor(now = 1_000_000) {
    this.#now = now;
  }

  /** ms. */
  get now(): number {
    return this.#now;
  }

  /** Puts something down for a time, ms; a time that has passed means now. */
  at(time: number, act: () => Promise<void> | void): Appointment {
    const appointment = { act };
    this.#appointments.set(appointment, Math.max(time, this.#now));
    return appointment;
  }

  /** Puts something down for so many ms from now. */
  after(milliseconds: number, act: () => Promise<void> | void): Appointment {
    return this.at(this.#now + milliseconds, act);
  }

  cancel(appointment: Appointment): void {
    this.#appointments.delete(appointment);
  }

  /** Lets time pass until `time`, ms, and with it all that happens on the way. */
  async runUntil(time: number): Promise<void> {
    for (;;) {
      const next = this.#appointments.next();
      if (next > time) break;
      this.#now = next;
      const happening = this.#appointments.take(next)?.act();
      if (happening !== undefined) await happening;
    }
    this.#now = time;
  }
}
