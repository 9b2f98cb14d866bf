import { checkCents, checkRoom, checkText, firstRefusal, newIdentifier, unknown } from "./checks.ts";
import { type HealthLimits, type Pet, Refusal, type Species, storeLimits } from "./domain.ts";
import type { Command, Draft } from "./draft.ts";
import type { PetState } from "./events.ts";
import { petAvailability, petRemoved, petStatus } from "./happenings.ts";

/** A pet that comes to the store. */
export interface NewPet {
  /** One of our making when it is left out. */
  readonly id?: string | undefined;
  readonly name: string;
  readonly species: Species;
  readonly breed: string;
  /** A day, `2024-05-17`. */
  readonly bornOn: string;
  readonly feeCents: number;
  /** Those of its species when they are left out. */
  readonly limits?: HealthLimits | undefined;
}

/** What may be told anew of a pet. */
export interface PetChange {
  readonly name?: string | undefined;
  readonly breed?: string | undefined;
  readonly feeCents?: number | undefined;
  readonly limits?: HealthLimits | undefined;
  /** PENDING and ADOPTED come of orders only. */
  readonly status?: "AVAILABLE" | "NOT_AVAILABLE" | undefined;
}

/** All that there is. */
const speciesNames: readonly Species[] = ["DOG", "CAT", "BIRD", "FISH", "REPTILE", "RABBIT", "OTHER"];

/** A pet comes to the store and may be adopted. */
export function addPet({ id: wish, limits, ...pet }: NewPet): Command<Pet> {
  return (draft) => {
    const id = newIdentifier(draft, "pets", wish);
    if (id instanceof Refusal) return id;
    const healthLimits = limits ?? usualLimits[pet.species] ?? usualLimits.OTHER;
    const refusal = firstRefusal(
      checkRoom(draft, "pets", storeLimits.petsMax),
      speciesNames.includes(pet.species) ? undefined : new Refusal("invalid", `species is ${speciesNames.join(", ")}`),
      checkText("name", pet.name),
      checkText("breed", pet.breed),
      checkDay(pet.bornOn, draft.now),
      checkCents("feeCents", pet.feeCents),
      checkLimits(healthLimits),
    );
    if (refusal !== undefined) return refusal;
    const { name, species, breed, bornOn, feeCents } = pet;
    const row: Pet = {
      id,
      name,
      species,
      breed,
      bornOn,
      status: "AVAILABLE",
      feeCents,
      limits: healthLimits,
      alerts: {},
      alertsAt: 0,
      orderId: undefined,
    };
    draft.say(petStatus(row, undefined, draft.now));
    draft.say(petAvailability(row, draft.now));
    return draft.put("pets", row);
  };
}

/** Another name, fee, health limits, or whether it may be adopted. */
export function changePet(id: string, change: PetChange): Command<Pet> {
  return (draft) => {
    const pet = draft.get("pets", id);
    if (pet === undefined) return unknown("pet", id);
    const { name = pet.name, breed = pet.breed, feeCents = pet.feeCents, limits = pet.limits, status } = change;
    const refusal = firstRefusal(
      checkText("name", name),
      checkText("breed", breed),
      checkCents("feeCents", feeCents),
      checkLimits(limits),
    );
    if (refusal !== undefined) return refusal;
    if (status !== undefined && pet.status !== "AVAILABLE" && pet.status !== "NOT_AVAILABLE") {
      const sentence = `pet ${id} is ${pet.status}: what becomes of it is told by order ${pet.orderId}`;
      return new Refusal("conflict", sentence);
    }
    const changed = draft.put("pets", { ...pet, name, breed, feeCents, limits });
    if (status === undefined || status === pet.status) {
      if (name !== pet.name || feeCents !== pet.feeCents) draft.say(petAvailability(changed, draft.now));
      return changed;
    }
    return movePet(draft, changed, status, undefined);
  };
}

/** A pet that was never for an order, or may not be had any more, leaves. */
export function removePet(id: string): Command<Pet> {
  return (draft) => {
    const pet = draft.get("pets", id);
    if (pet === undefined) return unknown("pet", id);
    if (pet.status === "PENDING" || pet.status === "ADOPTED") {
      return new Refusal("conflict", `pet ${id} is ${pet.status} with order ${pet.orderId}, which needs it`);
    }
    draft.remove("pets", id);
    draft.say(petRemoved(id));
    return pet;
  };
}

/** Another status, and who is told of it. */
export function movePet(draft: Draft, pet: Pet, status: PetState, orderId: string | undefined): Pet {
  const moved = draft.put("pets", { ...pet, status, orderId });
  draft.say(petStatus(moved, pet.status, draft.now));
  draft.say(petAvailability(moved, draft.now));
  return moved;
}

/** Whole months since it was born. */
export function ageMonths({ bornOn }: Pet, now: number): number {
  const [born, today] = [new Date(bornOn), new Date(now)];
  const months = (today.getUTCFullYear() - born.getUTCFullYear()) * 12 + today.getUTCMonth() - born.getUTCMonth();
  return Math.max(0, today.getUTCDate() < born.getUTCDate() ? months - 1 : months);
}

const usualLimits: Readonly<Record<Species, HealthLimits>> = {
  DOG: { heartRateMin: 50, heartRateMax: 180, temperatureMin: 37.5, temperatureMax: 39.5 },
  CAT: { heartRateMin: 100, heartRateMax: 240, temperatureMin: 37.7, temperatureMax: 39.4 },
  BIRD: { heartRateMin: 120, heartRateMax: 480, temperatureMin: 39, temperatureMax: 43 },
  FISH: { heartRateMin: 10, heartRateMax: 240, temperatureMin: 20, temperatureMax: 32 },
  REPTILE: { heartRateMin: 5, heartRateMax: 120, temperatureMin: 20, temperatureMax: 38 },
  RABBIT: { heartRateMin: 120, heartRateMax: 330, temperatureMin: 38, temperatureMax: 40.2 },
  OTHER: { heartRateMin: 20, heartRateMax: 400, temperatureMin: 30, temperatureMax: 42 },
};

function checkDay(day: string, now: number): Refusal | undefined {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(day) : Number.NaN;
  // A day that is none, such as 30 February, would be another one.
  if (time <= now && new Date(time).toISOString().startsWith(day)) return undefined;
  return new Refusal("invalid", "bornOn is a day that has been, such as 2024-05-17");
}

function checkLimits(limits: HealthLimits): Refusal | undefined {
  const { heartRateMin, heartRateMax, temperatureMin, temperatureMax } = limits;
  const isRight =
    0 <= heartRateMin && heartRateMin < heartRateMax && 0 <= temperatureMin && temperatureMin < temperatureMax;
  if (isRight && heartRateMax <= 500 && temperatureMax <= 50) return undefined;
  return new Refusal(
    "invalid",
    "limits are 0 ≤ heartRateMin < heartRateMax ≤ 500, 0 ≤ temperatureMin < temperatureMax ≤ 50",
  );
}
