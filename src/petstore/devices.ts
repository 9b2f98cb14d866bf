import { checkRoom, newIdentifier, unknown } from "./checks.ts";
import { type Device, type DeviceKind, Refusal, storeLimits } from "./domain.ts";
import type { Command } from "./draft.ts";

/** A device that is put to use. */
export interface NewDevice {
  /** The name of its account, too; one of our making when it is left out. */
  readonly id?: string | undefined;
  readonly kind: DeviceKind;
  readonly petId?: string | undefined;
}

const deviceKinds: readonly DeviceKind[] = ["COLLAR", "HEALTH_MONITOR", "FEEDER"];

/** A device is there, at a pet or nowhere yet. */
export function addDevice({ id: wish, kind, petId }: NewDevice): Command<Device> {
  return (draft) => {
    const id = newIdentifier(draft, "devices", wish);
    if (id instanceof Refusal) return id;
    const full = checkRoom(draft, "devices", storeLimits.devicesMax);
    if (full !== undefined) return full;
    if (!deviceKinds.includes(kind)) return new Refusal("invalid", `kind is ${deviceKinds.join(", ")}`);
    if (petId !== undefined && draft.get("pets", petId) === undefined) return unknown("pet", petId);
    const device: Device = { id, kind, petId, firmware: undefined, presence: undefined, presenceAt: 0 };
    return draft.put("devices", device);
  };
}

/** A device goes to another pet, or with none to nobody. */
export function bindDevice(id: string, petId: string | undefined): Command<Device> {
  return (draft) => {
    const device = draft.get("devices", id);
    if (device === undefined) return unknown("device", id);
    if (petId !== undefined && draft.get("pets", petId) === undefined) return unknown("pet", petId);
    return draft.put("devices", { ...device, petId });
  };
}

/** A device is not used any more. */
export function removeDevice(id: string): Command<Device> {
  return (draft) => {
    const device = draft.get("devices", id);
    if (device === undefined) return unknown("device", id);
    draft.remove("devices", id);
    return device;
  };
}

/** What the presence of a device says; of one that the store does not know nothing is noted. */
export function notePresence(
  id: string,
  presence: "online" | "offline",
  firmware: string | undefined,
): Command<Device | undefined> {
  return (draft) => {
    const device = draft.get("devices", id);
    if (device === undefined) return undefined;
    const isNews = device.presence !== presence || (firmware !== undefined && device.firmware !== firmware);
    if (!isNews) return device;
    const known = firmware ?? device.firmware;
    return draft.put("devices", { ...device, presence, firmware: known, presenceAt: draft.now });
  };
}
