# syntax=docker/dockerfile:1
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json build.ts ./
COPY src src
COPY collectors collectors
COPY probes probes
COPY config config
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends freeipmi-tools ipmitool iputils-ping \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o node -g node -m 0750 /state
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY probes probes
COPY config config
USER node
# The one writable folder: the root file system may be mounted read-only.
ENV STATE_DIRECTORY=/state NODE_ENV=production
VOLUME /state
EXPOSE 9879
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:9879/-/healthy').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/siteward.cjs"]
CMD ["run", "--config", "/config/site.yaml"]
