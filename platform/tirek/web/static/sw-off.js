// The kill switch: served in place of sw.js where saving is switched off. Drops every copy and itself.
async function leave() {
  for (const name of await caches.keys()) await caches.delete(name);
  await registration.unregister();
}

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(leave()));
