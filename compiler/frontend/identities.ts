/** Which objects a merged value may be: JavaScript's identity across paths. */
import { leavesOf } from "./items.js";
import type { Site } from "./machine.js";
import type { Fixed, Mutable, Need, Value } from "./values.js";

/** A value, or null where a path has none (it is then never read). */
export type Side = Value | null;

/** What a merged object may be. */
export interface Identity {
  readonly fixed: Fixed;
  readonly mayBe: readonly Mutable[];
}

/** Where values meet: `since` tells older objects, `needs` is what would make one path of it. */
export interface Meeting {
  readonly site: Site;
  readonly since: number;
  readonly needs: readonly Need[] | null;
  /** Objects that one path leaves in two places: what is made of them must not be written to. */
  readonly shared: ReadonlySet<Mutable>;
  /** Why older objects must not be written to, before they met here. */
  readonly fixed: Map<Mutable, Fixed>;
}

/** The array that a row belongs to; any other object itself. */
const ownerOf = (m: Mutable): Mutable => {
  if (m.kind === "object" && m.row !== null) return leavesOf(m.row.columns)[0] ?? m;
  const rows = m.kind === "array" && m.held.kind === "staged" ? m.held.rows : m;
  return rows.kind === "tensor" && rows.view !== null ? rows.view.base : m;
};

/** All arrays of the program that a row belongs to. */
const ownersOf = (m: Mutable): readonly Mutable[] =>
  m.kind === "object" && m.row !== null ? leavesOf(m.row.columns) : [ownerOf(m)];

/** Objects that occur twice among these values, at any depth, and rows of one array. */
export const sharedAmong = (values: readonly Side[], into: Set<Mutable> = new Set()): Set<Mutable> => {
  const seen = new Map<Mutable, Mutable>();
  const visit = (value: Side): void => {
    if (value?.kind === "unmerged" && value.maybe !== undefined) visit(value.maybe.value);
    if (!isMutable(value)) return;
    const owner = ownerOf(value);
    const before = seen.get(owner);
    if (before !== undefined) {
      into.add(before);
      into.add(value);
      return;
    }
    seen.set(owner, value);
    if (value.kind === "array" && value.held.kind === "list") value.held.list.forEach(visit);
    if (value.kind === "object" && value.row === null) for (const field of value.props.values()) visit(field);
  };
  values.forEach(visit);
  return into;
};

export const isMutable = (value: Side): value is Mutable =>
  value !== null &&
  (value.kind === "array" ||
    value.kind === "object" ||
    (value.kind === "tensor" && value.v.type.shape.length > 0));

export const identityOf = (meeting: Meeting, sides: readonly Side[]): Identity => {
  const mutable = sides.filter(isMutable);
  const fixedOf = (m: Mutable): Fixed => {
    if (!meeting.fixed.has(m)) meeting.fixed.set(m, m.fixed);
    return meeting.fixed.get(m) ?? null;
  };
  const fixed = mutable.map(fixedOf).find((f) => f !== null) ?? null;
  const shared = mutable.some((m) => meeting.shared.has(m));
  const owners = mutable.flatMap(ownersOf).filter((m) => !mutable.includes(m));
  const older = [...mutable, ...owners].filter((m) => m.born <= meeting.since);
  return {
    fixed: fixed ?? (shared ? "merged" : null),
    mayBe: [...older, ...mutable.flatMap((m) => m.mayBe)],
  };
};
