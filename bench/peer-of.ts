import type { Measurement } from "./measure.ts";

/**
 * The Mosquitto that a broker is held against: of the same step, or the last one before that it can do too; speaking the
 * same version, or the one it did speak; the one that saves its state where ours does and Sessions outlive connections.
 */
export function mosquittoFor(measurement: Measurement, all: readonly Measurement[]): Measurement | undefined {
  const { scenario, contender } = measurement;
  const named = (name: string): readonly Measurement[] =>
    all.filter((each) => each.contender.broker.name === name && each.runs.length > 0 && isNotAhead(each));
  const isNotAhead = (each: Measurement): boolean =>
    each.scenario.name === scenario.name && each.contender.step <= contender.step;
  const saving = scenario.options["persistent"] === 1 ? named("mosquitto-saving") : [];
  const found = saving.length > 0 ? saving : named("mosquitto");
  const last = Math.max(...found.map((each) => each.contender.step));
  const alike = found.filter((each) => each.contender.step === last);
  return alike.find((each) => each.contender.version === contender.version) ?? alike[0];
}

/** The same broker, set up by the step before. */
export function stepBefore(measurement: Measurement, all: readonly Measurement[]): Measurement | undefined {
  const { scenario, contender } = measurement;
  return all.find(
    (each) =>
      each.scenario.name === scenario.name &&
      kindOf(each) === kindOf(measurement) &&
      each.contender.version === contender.version &&
      each.contender.step === contender.step - 1 &&
      each.runs.length > 0,
  );
}

/** A Mosquitto is a Mosquitto, whether it saves its state or not. */
function kindOf({ contender }: Measurement): string {
  return contender.broker.name.replace("-saving", "");
}

/** The same measurement of another time. */
export function sameIn(measurement: Measurement, others: readonly Measurement[]): Measurement | undefined {
  const key = keyOf(measurement);
  return others.find((each) => keyOf(each) === key && each.runs.length > 0);
}

function keyOf({ scenario, contender }: Measurement): string {
  return [scenario.name, contender.step, contender.version, contender.broker.name].join(" ");
}
