import type { Answer, Fact } from "kfactor";
import {
  computed,
  type ComputedRef,
  onScopeDispose,
  type Ref,
  type ShallowRef,
  shallowRef,
  watch,
} from "vue";
import { factsOf, type Identity } from "../demo/site";

/** An order, as the facts tell it. */
export interface Order {
  order: string;
  by: string;
  what: "paid" | "bought" | "happened" | "late";
  name: string | null;
  amount: number | null;
  /** Whether it has to be paid back, and why; or was. */
  back: { due: string } | "refunded" | null;
}

/** The facts this page knows: those of the loop it shows, and those of the answers it got. */
export interface Log {
  /** Latest first. */
  facts: ComputedRef<readonly Fact[]>;
  /** Latest first. */
  orders: ComputedRef<readonly Order[]>;
  /** What the last answer to this page said, and when it came by this device's clock. */
  answered: ShallowRef<{ facts: readonly Fact[]; at: number }>;
  /** Takes over what an answer says. */
  note(answer: Answer): void;
}

/** Follows a loop's facts: asks again whenever the view has changed. */
export function useLog(
  campaign: string,
  identity: Identity,
  loop: Ref<string | null>,
  view: Ref<unknown>,
): Log {
  const known = shallowRef<ReadonlyMap<string, Fact>>(new Map());
  const answered = shallowRef<{ facts: readonly Fact[]; at: number }>({ facts: [], at: 0 });
  const positions = new Map<string, number>();
  let isAsking = false;
  let isGone = false;
  onScopeDispose(() => (isGone = true));

  /** New facts stand at the end, in the order of the log. */
  function add(facts: readonly Fact[]): void {
    const isNew = facts.some((fact) => !known.value.has(fact.id));
    if (isNew) known.value = new Map([...known.value, ...facts.map((fact) => [fact.id, fact] as const)]);
  }

  async function ask(): Promise<void> {
    const wanted = loop.value;
    if (wanted === null || isAsking) return;
    isAsking = true;
    try {
      for (;;) {
        const after = positions.get(wanted) ?? 0;
        const { facts, next } = await factsOf(campaign, wanted, after, identity);
        if (isGone) return;
        add(facts);
        positions.set(wanted, next);
        if (next === after) return;
      }
    } catch {
      // The next change asks again.
    } finally {
      isAsking = false;
    }
  }

  watch([loop, view], () => void ask(), { immediate: true });
  const facts = computed(() => [...known.value.values()].reverse().sort((a, b) => b.at - a.at));
  return {
    facts,
    orders: computed(() => ordersIn(facts.value)),
    answered,
    note: (answer) => {
      if (!answer.ok) return;
      add(answer.facts);
      answered.value = { facts: answer.facts, at: Date.now() };
    },
  };
}

function ordersIn(facts: readonly Fact[]): Order[] {
  const orders = new Map<string, Order>();
  for (const fact of [...facts].reverse()) {
    switch (fact.kind) {
      case "paid":
      case "bought":
      case "late":
        orders.set(fact.order, { ...blank(fact.order, fact.by), what: fact.kind, amount: fact.amount });
        break;
      case "happened":
        if (fact.order == null) break;
        orders.set(fact.order, {
          ...blank(fact.order, fact.by),
          name: fact.name,
          amount: fact.amount ?? null,
        });
        break;
      case "opened":
      case "qualified":
        // The order behind it may have been told to somebody else's page only.
        if (fact.order != null && !orders.has(fact.order)) orders.set(fact.order, blank(fact.order, fact.by));
        break;
      case "refund-due":
        change(orders, fact.order, { back: { due: fact.reason } });
        break;
      case "refunded":
        change(orders, fact.order, { back: "refunded" });
        break;
      default:
        break;
    }
  }
  return [...orders.values()].reverse();
}

function blank(order: string, by: string): Order {
  return { order, by, what: "happened", name: null, amount: null, back: null };
}

function change(orders: Map<string, Order>, name: string, change: Partial<Order>): void {
  const order = orders.get(name);
  if (order !== undefined) orders.set(name, { ...order, ...change });
}
