// Petstore Events 1.0.0, printed from contracts/petstore.asyncapi.yaml by `petstore-mqtt contract types`.

/** An opaque word. The store makes UUIDv7; short ones such as abc123 are as good. */
export type Id = string;

export type PetState = "AVAILABLE" | "PENDING" | "ADOPTED" | "NOT_AVAILABLE";

export type Money = number;

/** ISO 4217. */
export type Currency = string;

/** RFC 3339. */
export type Timestamp = string;

export interface PetAvailability {
  readonly petId?: Id;
  readonly available: boolean;
  readonly status?: PetState;
  readonly name?: string;
  readonly species?: "DOG" | "CAT" | "BIRD" | "FISH" | "REPTILE" | "RABBIT" | "OTHER";
  readonly adoptionFee?: Money;
  readonly currency?: Currency;
  readonly at?: Timestamp;
}

export interface PetStatusChanged {
  readonly petId?: Id;
  readonly status: PetState;
  readonly previous?: PetState;
  readonly at?: Timestamp;
}

/** Charge in percent. */
export type Battery = number;

export interface HealthReading {
  /** Beats per minute. */
  readonly heartRate: number;
  /** Body temperature in °C. */
  readonly temperature?: number;
  /** Breaths per minute. */
  readonly respirationRate?: number;
  readonly activity?: "REST" | "WALK" | "RUN" | "PLAY";
  readonly battery?: Battery;
  readonly at?: Timestamp;
}

export interface LocationReading {
  readonly lat: number;
  readonly lng: number;
  readonly battery?: Battery;
  readonly at?: Timestamp;
}

export interface PetAlert {
  readonly petId?: Id;
  readonly kind:
    | "TEMPERATURE_HIGH"
    | "TEMPERATURE_LOW"
    | "HEART_RATE_HIGH"
    | "HEART_RATE_LOW"
    | "LEFT_AREA"
    | "BATTERY_LOW";
  readonly severity: "INFO" | "WARNING" | "CRITICAL";
  readonly value?: number;
  readonly message?: string;
  readonly at?: Timestamp;
}

export type OrderState = "PLACED" | "PAID" | "SHIPPED" | "DELIVERED" | "CANCELLED";

export interface OrderStatusChanged {
  readonly orderId?: Id;
  readonly status: OrderState;
  readonly previous?: OrderState;
  readonly at?: Timestamp;
}

export interface OrderRequest {
  readonly orderId?: Id;
}

export type PaymentState = "PENDING" | "SUCCEEDED" | "FAILED" | "REFUNDED";

export interface OrderReply {
  readonly orderId: Id;
  readonly found: boolean;
  readonly status?: OrderState;
  readonly payment?: PaymentState;
  readonly total?: Money;
  readonly currency?: Currency;
  readonly at?: Timestamp;
}

export interface OrderPayment {
  readonly orderId?: Id;
  readonly paymentId?: Id;
  readonly status: PaymentState;
  readonly amount?: Money;
  readonly currency?: Currency;
  readonly at?: Timestamp;
}

export interface PaymentStatusChanged {
  readonly paymentId?: Id;
  readonly status: PaymentState;
  readonly amount?: Money;
  readonly currency?: Currency;
  readonly reason?: string;
  readonly at?: Timestamp;
}

export interface StockLevel {
  readonly productId?: Id;
  readonly quantity: number;
  /** An alert is raised below it. */
  readonly threshold?: number;
  readonly at?: Timestamp;
}

export interface InventoryAlert {
  readonly productId?: Id;
  readonly kind: "LOW_STOCK" | "OUT_OF_STOCK" | "RESTOCKED";
  readonly quantity: number;
  readonly threshold?: number;
  readonly at?: Timestamp;
}

export interface FeederReading {
  /** Percent. */
  readonly foodLevel: number;
  /** Grams since the last reading. */
  readonly dispensed?: number;
  readonly jammed?: boolean;
  readonly battery?: Battery;
  readonly at?: Timestamp;
}

export interface DevicePresence {
  readonly state: "online" | "offline";
  readonly firmware?: string;
  readonly at?: Timestamp;
}

/** What the topics carry. */
export interface Payloads {
  /** `pets/{petId}/availability` */
  [topic: `pets/${string}/availability`]: PetAvailability | string;
  /** `pets/{petId}/status` */
  [topic: `pets/${string}/status`]: PetStatusChanged;
  /** `pets/{petId}/health` */
  [topic: `pets/${string}/health`]: HealthReading | readonly HealthReading[];
  /** `pets/{petId}/location` */
  [topic: `pets/${string}/location`]: LocationReading | readonly LocationReading[];
  /** `pets/{petId}/alert` */
  [topic: `pets/${string}/alert`]: PetAlert;
  /** `orders/{orderId}/status` */
  [topic: `orders/${string}/status`]: OrderStatusChanged | string;
  /** `order-requests/{orderId}` */
  [topic: `order-requests/${string}`]: OrderRequest;
  /** `replies/{userName}` */
  [topic: `replies/${string}`]: OrderReply;
  /** `orders/{orderId}/payment` */
  [topic: `orders/${string}/payment`]: OrderPayment;
  /** `payments/{paymentId}/status` */
  [topic: `payments/${string}/status`]: PaymentStatusChanged;
  /** `inventory/{productId}/stock` */
  [topic: `inventory/${string}/stock`]: StockLevel | string;
  /** `inventory/{productId}/alert` */
  [topic: `inventory/${string}/alert`]: InventoryAlert;
  /** `feeders/{feederId}/status` */
  [topic: `feeders/${string}/status`]: FeederReading | readonly FeederReading[];
  /** `devices/{deviceId}/presence` */
  [topic: `devices/${string}/presence`]: DevicePresence | string;
}
