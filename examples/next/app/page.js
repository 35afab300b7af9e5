import Campaign from "./campaign.js";
import { opening } from "./site.js";

/** A server component: what it renders has the visitor's progress in it, before any script runs. */
export default async function Page({ searchParams }) {
  const { loop } = await searchParams;
  return <Campaign {...await opening("three-friends", loop)} />;
}
