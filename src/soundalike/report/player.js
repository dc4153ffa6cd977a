// One player for all sounds: starting one stops the other. A button plays data-sound, its position
// among the sounds of the page, and --played tells how much of it has been played.
const player = document.getElementById("player");
const sounds = JSON.parse(document.getElementById("sound-data").textContent);
let playing = null;
function stop() {
  player.pause();
  playing?.setAttribute("aria-pressed", "false");
  playing = null;
}
function play(sound, button = null) {
  stop();
  player.src = sounds[sound];
  playing = button;
  button?.setAttribute("aria-pressed", "true");
  player.play().catch(() => {});
  requestAnimationFrame(followSound);
}
function followSound() {
  if (!playing) return;
  playing.style.setProperty("--played", player.currentTime / (player.duration || 1));
  requestAnimationFrame(followSound);
}
player.addEventListener("ended", stop);
for (const button of document.querySelectorAll("button[data-sound]"))
  button.addEventListener("click", () => button === playing ? stop() : play(button.dataset.sound, button));
