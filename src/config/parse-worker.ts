import { parentPort } from 'node:worker_threads'
import { type ParseOrder, parseOrder } from './parse-order.ts'

// Runs as a thread: see parse-thread.ts.
parentPort?.on('message', (order: ParseOrder) => parentPort?.postMessage(parseOrder(order)))
