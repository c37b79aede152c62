// The secret is behind the #, so it reaches no log. Everything told is shown as text.
const form = document.querySelector("form");
const told = document.querySelector("#told");
const key = document.querySelector("#key");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = JSON.stringify({ secret: location.hash.slice(1), name: form.elements.name.value });
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch("/api/v1/set-up", { method: "POST", headers, body });
  const document = await answer.json();
  if (!answer.ok) {
    told.textContent = answer.status === 404 ? "This link was used, or is an old one." : document.error.message;
    return;
  }
  history.replaceState(null, "", "/set-up");
  form.hidden = true;
  told.textContent = "This key is shown once. Keep it.";
  key.textContent = `access key  ${document.access_key}\nsecret key  ${document.secret_key}`;
  key.hidden = false;
});
