// Gives every visitor a name of their own; a site with a log-in has one already.
import { NextResponse } from "next/server";

export function proxy(request) {
  if (request.cookies.has("visitor")) return NextResponse.next();
  const visitor = "guest-" + crypto.randomUUID().slice(0, 8);
  request.cookies.set("visitor", visitor);
  const response = NextResponse.next({ request });
  response.cookies.set("visitor", visitor, { httpOnly: true, sameSite: "lax", maxAge: 31_536_000 });
  return response;
}

export const config = { matcher: "/" };
