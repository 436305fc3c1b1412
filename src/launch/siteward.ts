#!/usr/bin/env node
import { setTimeout } from 'node:timers'
import { Chunks } from './chunks.ts'

/** Milliseconds until the first polls have begun, also on a slow machine. */
const starting = 2000

const chunks = new Chunks(import.meta.dirname)
chunks.load('cli')
// A command that has ended by then is not held up.
setTimeout(() => chunks.settle(), starting).unref()
