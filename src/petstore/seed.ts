import { addCustomer } from "./customers.ts";
import { addDevice } from "./devices.ts";
import { type DeviceKind, Refusal } from "./domain.ts";
import type { Command } from "./draft.ts";
import { type NewOrder, placeOrder } from "./orders.ts";
import { settlePayment } from "./payments.ts";
import { addPet, type NewPet } from "./pets.ts";
import { addProduct, type NewProduct } from "./products.ts";

/** What the store has on its first day. Done together, so that there never is a part of it. */
export function seed(): Command<void> {
  const commands: readonly Command<unknown>[] = [
    ...pets.map(addPet),
    ...products.map(addProduct),
    ...customers.map(addCustomer),
    ...devices.map(addDevice),
    ...orders.map(placeOrder),
    settlePayment("xyz789", { status: "SUCCEEDED" }),
  ];
  return (draft) => {
    for (const command of commands) {
      const result = command(draft);
      if (result instanceof Refusal) return result;
    }
    return undefined;
  };
}

const pets: readonly NewPet[] = [
  { id: "milo", name: "Milo", species: "DOG", breed: "Beagle", bornOn: "2023-05-17", feeCents: 15_000 },
  { id: "7", name: "Luna", species: "CAT", breed: "European Shorthair", bornOn: "2024-02-03", feeCents: 9_000 },
  { id: "rex", name: "Rex", species: "DOG", breed: "German Shepherd", bornOn: "2021-11-30", feeCents: 22_000 },
  { id: "nala", name: "Nala", species: "CAT", breed: "Siamese", bornOn: "2022-08-09", feeCents: 12_500 },
  { id: "bella", name: "Bella", species: "DOG", breed: "Border Collie", bornOn: "2024-06-21", feeCents: 18_000 },
  { id: "simba", name: "Simba", species: "CAT", breed: "Maine Coon", bornOn: "2020-04-12", feeCents: 16_000 },
  { id: "kiwi", name: "Kiwi", species: "BIRD", breed: "Budgerigar", bornOn: "2024-09-01", feeCents: 2_500 },
  { id: "coco", name: "Coco", species: "BIRD", breed: "Cockatiel", bornOn: "2023-03-28", feeCents: 6_000 },
  { id: "flake", name: "Flake", species: "RABBIT", breed: "Netherland Dwarf", bornOn: "2024-12-05", feeCents: 4_500 },
  { id: "hazel", name: "Hazel", species: "RABBIT", breed: "Lionhead", bornOn: "2023-10-14", feeCents: 5_000 },
  {
    id: "shelly",
    name: "Shelly",
    species: "REPTILE",
    breed: "Hermann's tortoise",
    bornOn: "2016-07-19",
    feeCents: 19_000,
  },
  { id: "bubbles", name: "Bubbles", species: "FISH", breed: "Oranda goldfish", bornOn: "2025-01-10", feeCents: 1_200 },
];

const products: readonly NewProduct[] = [
  { id: "leash-red", name: "Leash, red", priceCents: 1_299, stock: 40, reorderThreshold: 5 },
  { id: "collar-smart", name: "Smart collar", priceCents: 7_900, stock: 25, reorderThreshold: 5 },
  { id: "feeder-smart", name: "Smart feeder", priceCents: 12_900, stock: 15, reorderThreshold: 3 },
  { id: "dog-food-5kg", name: "Dog food, 5 kg", priceCents: 2_450, stock: 80, reorderThreshold: 20 },
  { id: "cat-food-2kg", name: "Cat food, 2 kg", priceCents: 1_690, stock: 90, reorderThreshold: 20 },
  { id: "cat-litter-10l", name: "Cat litter, 10 l", priceCents: 890, stock: 60, reorderThreshold: 15 },
  { id: "bird-seed-1kg", name: "Bird seed, 1 kg", priceCents: 499, stock: 50, reorderThreshold: 10 },
  { id: "hay-1kg", name: "Hay, 1 kg", priceCents: 399, stock: 70, reorderThreshold: 15 },
  { id: "aquarium-60l", name: "Aquarium, 60 l", priceCents: 8_450, stock: 8, reorderThreshold: 2 },
  { id: "heat-lamp", name: "Heat lamp", priceCents: 2_999, stock: 12, reorderThreshold: 3 },
  { id: "scratching-post", name: "Scratching post", priceCents: 4_500, stock: 10, reorderThreshold: 2 },
  { id: "ball", name: "Ball", priceCents: 350, stock: 120, reorderThreshold: 25 },
];

const customers = [
  { id: "alice", name: "Alice", email: "alice@example.com" },
  { id: "bob", name: "Bob", email: "bob@example.com" },
] as const;

const devices: readonly { readonly id: string; readonly kind: DeviceKind; readonly petId: string }[] = [
  { id: "collar-0042", kind: "COLLAR", petId: "milo" },
  { id: "monitor-0007", kind: "HEALTH_MONITOR", petId: "7" },
  { id: "feeder-0001", kind: "FEEDER", petId: "milo" },
];

/** The first is the order of the guide: it is paid. */
const orders: readonly NewOrder[] = [
  { id: "abc123", paymentId: "xyz789", customerId: "alice", items: [{ productId: "leash-red", quantity: 1 }] },
  { id: "42", customerId: "alice", items: [{ productId: "dog-food-5kg", quantity: 2 }], petId: "rex" },
  { id: "bob-1", paymentId: "bob-1-payment", customerId: "bob", items: [{ productId: "ball", quantity: 3 }] },
];
