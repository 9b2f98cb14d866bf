import type { DevicePresence, FeederReading, HealthReading, LocationReading } from "./events.ts";

/** Something that was measured; with the time of its coming when it does not say when that was. */
export type Timed<Reading> = Omit<Reading, "at"> & { readonly at: number };

/** What a device said at a topic. */
export type DeviceMessage =
  | { readonly kind: "health"; readonly id: string; readonly readings: readonly Timed<HealthReading>[] }
  | { readonly kind: "location"; readonly id: string; readonly readings: readonly Timed<LocationReading>[] }
  | { readonly kind: "feeder"; readonly id: string; readonly readings: readonly Timed<FeederReading>[] }
  | { readonly kind: "presence"; readonly id: string; readonly presence: DevicePresence };

/** What the store follows. */
export const deviceFilters = ["pets/+/health", "pets/+/location", "feeders/+/status", "devices/+/presence"] as const;

/**
 * Reads what a device said: one reading or a batch, put in the order of time. Undefined when it is nothing that the
 * contract knows; without a contract anything may come.
 * @param now milliseconds since 1970; no reading is later than that
 */
export function readDeviceMessage(topicName: string, text: string, now: number): DeviceMessage | undefined {
  const [first = "", id = "", last = ""] = topicName.split("/");
  const value = parse(text);
  if (`${first}/${last}` === "devices/presence") {
    const state = isFields(value) ? value["state"] : undefined;
    if (state !== "online" && state !== "offline") return undefined;
    const firmware = (value as Fields)["firmware"];
    return { kind: "presence", id, presence: typeof firmware === "string" ? { state, firmware } : { state } };
  }
  const [kind, needed] = kinds[`${first}/${last}`] ?? [undefined, []];
  const fields = (Array.isArray(value) ? value : [value]).filter(isFields);
  const good = fields.filter((each) => needed.every((name) => typeof each[name] === "number"));
  if (kind === undefined || good.length === 0) return undefined;
  const readings = good.map((each) => ({ ...each, at: timeOf(each["at"], now) })).sort((one, two) => one.at - two.at);
  return { kind, id, readings } as unknown as DeviceMessage;
}

type Fields = Readonly<Record<string, unknown>>;

const kinds: Readonly<Record<string, readonly [DeviceMessage["kind"], readonly string[]]>> = {
  "pets/health": ["health", ["heartRate"]],
  "pets/location": ["location", ["lat", "lng"]],
  "feeders/status": ["feeder", ["foodLevel"]],
};

function timeOf(at: unknown, now: number): number {
  const time = typeof at === "string" ? Date.parse(at) : Number.NaN;
  return Number.isNaN(time) ? now : Math.min(time, now);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
