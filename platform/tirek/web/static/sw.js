// Hands out courses that the reader chose to keep (save.js), and only when the network does not answer.
// It looks at public course pages and static files alone: accounts, questionnaires, results, bookings
// and whatever is sent never pass through here, and it puts nothing into a cache by itself.
const KEPT = "course ";
const PUBLIC = /^\/((kk|ru|en)\/courses(\/[a-z0-9-]+){0,2}|static\/[a-z0-9.-]+)$/;
const PATIENCE = 8000;

const after = (time) => new Promise((resolve) => setTimeout(resolve, time));

async function copy(request) {
  for (const name of await caches.keys()) {
    if (!name.startsWith(KEPT)) continue;
    const found = await (await caches.open(name)).match(request.url, {ignoreVary: true});
    if (!found) continue;
    if (request.mode !== "navigate") return found;
    // The page itself says that it is a copy.
    const page = (await found.text()).replace("data-copy-note hidden", "data-copy-note");
    const headers = new Headers(found.headers);
    headers.delete("Content-Encoding");
    headers.delete("Content-Length");
    return new Response(page, {headers});
  }
}

async function answer(request) {
  const network = fetch(request);
  const first = await Promise.race([network.catch(() => null), after(PATIENCE)]);
  if (first && first.status < 500) return first;
  return (await copy(request)) ?? first ?? network;
}

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const {request} = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || !PUBLIC.test(url.pathname)) return;
  event.respondWith(answer(request));
});
