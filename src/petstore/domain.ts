import type { OrderState, PaymentState, PetAvailability, PetState } from "./events.ts";

/*
 * What the store knows, as plain rows: a row is never changed, another one takes its place. Money is a whole number of
 * cents in here and a decimal number in events. Times are milliseconds since 1970.
 */

/** The money of the store, ISO 4217. */
export const currency = "USD";

export type Species = NonNullable<PetAvailability["species"]>;

/** Readings outside of them raise an alert. */
export interface HealthLimits {
  /** Beats per minute. */
  readonly heartRateMin: number;
  readonly heartRateMax: number;
  /** Body temperature, °C. */
  readonly temperatureMin: number;
  readonly temperatureMax: number;
}

export type AlertKind = "TEMPERATURE_HIGH" | "TEMPERATURE_LOW" | "HEART_RATE_HIGH" | "HEART_RATE_LOW" | "BATTERY_LOW";

export type Severity = "WARNING" | "CRITICAL";

export interface Pet {
  readonly id: string;
  readonly name: string;
  readonly species: Species;
  readonly breed: string;
  /** A day, `2024-05-17`. */
  readonly bornOn: string;
  readonly status: PetState;
  readonly feeCents: number;
  readonly limits: HealthLimits;
  /** Alerts that were raised and whose reason has not gone yet. */
  readonly alerts: Readonly<Partial<Record<AlertKind, Severity>>>;
  /** Time of the last reading that changed `alerts`; 0 before the first. */
  readonly alertsAt: number;
  /** The order that holds it while it is PENDING, and that it went with when it is ADOPTED. */
  readonly orderId: string | undefined;
}

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly priceCents: number;
  readonly stock: number;
  /** Below it an alert is raised. */
  readonly reorderThreshold: number;
}

export interface OrderItem {
  readonly productId: string;
  readonly quantity: number;
  /** Of one, when it was ordered. */
  readonly priceCents: number;
}

export interface Order {
  readonly id: string;
  readonly customerId: string;
  readonly items: readonly OrderItem[];
  /** The pet to be adopted with it. */
  readonly petId: string | undefined;
  readonly petFeeCents: number;
  /** Of all items and the pet's fee. */
  readonly totalCents: number;
  readonly status: OrderState;
  readonly paymentId: string;
  readonly placedAt: number;
  readonly changedAt: number;
}

export interface Payment {
  readonly id: string;
  readonly orderId: string;
  readonly customerId: string;
  readonly amountCents: number;
  readonly status: PaymentState;
  /** Why it failed. */
  readonly reason: string | undefined;
  readonly createdAt: number;
  readonly changedAt: number;
}

export type DeviceKind = "COLLAR" | "HEALTH_MONITOR" | "FEEDER";

export interface Device {
  /** The name of its account, too. */
  readonly id: string;
  readonly kind: DeviceKind;
  readonly petId: string | undefined;
  readonly firmware: string | undefined;
  /** What its presence says; undefined before it was ever there. */
  readonly presence: "online" | "offline" | undefined;
  readonly presenceAt: number;
}

export interface Customer {
  /** The name of the account: what a customer owns is told by it. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** What is remembered of a request, so that it is not done twice. */
export interface Memo {
  readonly id: string;
  readonly expiresAt: number;
  readonly text: string;
}

/** The rows of each table. */
export interface Rows {
  readonly pets: Pet;
  readonly products: Product;
  readonly orders: Order;
  readonly payments: Payment;
  readonly devices: Device;
  readonly customers: Customer;
  readonly memos: Memo;
}

export type Table = keyof Rows;

export const tables: readonly Table[] = ["pets", "products", "orders", "payments", "devices", "customers", "memos"];

/** Everything that is kept, by table and id, in the order of coming. */
export type State = { readonly [Name in Table]: ReadonlyMap<string, Rows[Name]> };

/** A row to be put in its place, or with none to be removed. */
export type Change = {
  readonly [Name in Table]: { readonly table: Name; readonly id: string; readonly row: Rows[Name] | undefined };
}[Table];

/** An event to be published, exactly once. */
export interface StoreEvent {
  readonly topicName: string;
  /** What goes out as JSON; undefined takes a snapshot away. */
  readonly payload: object | undefined;
  readonly retain: boolean;
  /** Of what it tells, such as `orders/abc123`: events of one entity stay in their order. */
  readonly entity: string;
}

/**
 * Why not: `invalid` what was asked for cannot be, `not-found` it speaks of something that is not there, `conflict` it is
 * not possible as things stand, `full` a limit is reached.
 */
export type RefusalReason = "invalid" | "not-found" | "conflict" | "full";

/** A command that was not carried out; nothing has changed. */
export class Refusal {
  readonly reason: RefusalReason;
  /** For people. */
  readonly sentence: string;

  constructor(reason: RefusalReason, sentence: string) {
    this.reason = reason;
    this.sentence = sentence;
  }
}

/** When a command is carried out, and what it may call its new things. */
export interface Moment {
  readonly now: number;
  newId(): string;
}

/** What a command comes to. */
export interface Decision<Result> {
  readonly result: Result;
  readonly changes: readonly Change[];
  readonly events: readonly StoreEvent[];
}

/** How much there may be. */
export const storeLimits = {
  petsMax: 10_000,
  productsMax: 10_000,
  ordersMax: 200_000,
  customersMax: 100_000,
  devicesMax: 10_000,
  memosMax: 100_000,
  itemsMax: 100,
  quantityMax: 1_000,
  stockMax: 1_000_000,
  /** What the contract's `Money` allows. */
  centsMax: 100_000_000,
  /** In UTF-16 units. */
  nameLengthMax: 120,
} as const;
