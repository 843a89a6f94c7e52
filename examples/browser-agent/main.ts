// An agent that reads a paywalled paper in headless Chromium, on a local stack of its own: `node examples/browser-agent/main.ts`.
import { launchChromium } from '../../test/support/chromium.ts';
import { playAsProgram } from '../workload/main-program.ts';
import { playBrowsing } from './workload.ts';

const browser = await launchChromium();
try {
  await playAsProgram((stack) => playBrowsing(stack, browser));
} finally {
  await browser.close();
}
