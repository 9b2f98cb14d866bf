import type { AlertKind, HealthLimits, Pet, Severity } from "./domain.ts";
import type { Command } from "./draft.ts";
import type { HealthReading } from "./events.ts";
import { petAlert } from "./happenings.ts";
import type { Timed } from "./readings.ts";

/**
 * Readings of a pet, the oldest first. One outside of the pet's limits raises an alert, once, until a reading is inside
 * again or it becomes critical. What is not newer than the last alert, or its end, has been dealt with.
 */
export function noteHealth(petId: string, readings: readonly Timed<HealthReading>[]): Command<Pet | undefined> {
  return (draft) => {
    const pet = draft.get("pets", petId);
    if (pet === undefined) return undefined;
    let { alerts, alertsAt } = pet;
    for (const reading of readings) {
      if (reading.at <= alertsAt) continue;
      for (const { kind, value, severity, message } of findings(pet.limits, reading)) {
        const before = alerts[kind];
        if (severity === before || (before === "CRITICAL" && severity === "WARNING")) continue;
        alertsAt = reading.at;
        const { [kind]: _, ...others } = alerts;
        alerts = severity === undefined ? others : { ...others, [kind]: severity };
        if (severity !== undefined) draft.say(petAlert(petId, { kind, severity, value, message }, reading.at));
      }
    }
    return alerts === pet.alerts ? pet : draft.put("pets", { ...pet, alerts, alertsAt });
  };
}

/** What a reading says of one kind of alert. */
interface Finding {
  readonly kind: AlertKind;
  readonly value: number;
  /** Undefined when it is inside of the limits. */
  readonly severity: Severity | undefined;
  readonly message: string;
}

/** How far outside is critical: part of the limit for a heart rate, degrees for a temperature. */
const heartRateMargin = 0.2;
const temperatureMargin = 1;
const batteryMin = 15;
const batteryCritical = 5;

function findings(limits: HealthLimits, { heartRate, temperature, battery }: Timed<HealthReading>): readonly Finding[] {
  const { heartRateMin, heartRateMax, temperatureMin, temperatureMax } = limits;
  const all = [
    above("HEART_RATE_HIGH", heartRate, heartRateMax, heartRateMax * heartRateMargin, "beats per minute"),
    below("HEART_RATE_LOW", heartRate, heartRateMin, heartRateMin * heartRateMargin, "beats per minute"),
  ];
  if (temperature !== undefined) {
    all.push(above("TEMPERATURE_HIGH", temperature, temperatureMax, temperatureMargin, "°C"));
    all.push(below("TEMPERATURE_LOW", temperature, temperatureMin, temperatureMargin, "°C"));
  }
  if (battery !== undefined) all.push(below("BATTERY_LOW", battery, batteryMin, batteryMin - batteryCritical, "%"));
  return all;
}

function above(kind: AlertKind, value: number, limit: number, margin: number, unit: string): Finding {
  const severity = value <= limit ? undefined : value > limit + margin ? "CRITICAL" : "WARNING";
  return { kind, value, severity, message: `${value} ${unit} is above ${limit}` };
}

function below(kind: AlertKind, value: number, limit: number, margin: number, unit: string): Finding {
  const severity = value >= limit ? undefined : value < limit - margin ? "CRITICAL" : "WARNING";
  return { kind, value, severity, message: `${value} ${unit} is below ${limit}` };
}
