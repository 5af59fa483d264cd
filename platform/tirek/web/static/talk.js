// The microphone's check before a call: the sound is measured here and goes nowhere.
const box = document.querySelector("[data-device-check]");
if (box && navigator.mediaDevices?.getUserMedia && window.AudioContext) {
  box.hidden = false;
  const button = box.querySelector("button");
  const said = box.querySelector("[data-said]");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({audio: true});
      const context = new AudioContext();
      const meter = context.createAnalyser();
      context.createMediaStreamSource(stream).connect(meter);
      const levels = new Uint8Array(meter.fftSize);
      said.textContent = box.dataset.silent;
      const stop = () => {
        clearInterval(timer);
        for (const track of stream.getTracks()) track.stop();
        context.close();
        button.disabled = false;
      };
      let looks = 0;
      const timer = setInterval(() => {
        meter.getByteTimeDomainData(levels);
        looks += 1;
        if (levels.some((level) => Math.abs(level - 128) > 12)) {
          said.textContent = box.dataset.heard;
          stop();
        } else if (looks > 150) {
          stop();
        }
      }, 100);
    } catch {
      said.textContent = box.dataset.refused;
      button.disabled = false;
    }
  });
}
