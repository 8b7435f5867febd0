export {
  type Fields,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  logLevels,
  openLogger,
  silentLogger,
} from "./logger.ts";
