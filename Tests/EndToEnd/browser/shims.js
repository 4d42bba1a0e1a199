export { Buffer } from 'buffer'
import process from 'process/browser.js'
export { process }
export const global = globalThis
