#!/usr/bin/env node
import { Chunks } from './chunks.ts'

new Chunks(import.meta.dirname).load('cli')
