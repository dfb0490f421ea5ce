/**
 * Validators that are made of their schemas when a request first needs one: a fifth of a start is
 * Ajv writing code for routes of which most are asked seldom. A test compiles each of them, so that a schema
 * that cannot be compiled is seen before anyone asks.
 */
import AjvCompiler from '@fastify/ajv-compiler'

type Factory = AjvCompiler.BuildCompilerFromPool
/** What Fastify calls: gives false and leaves its findings in `errors`. */
type Validate = ((data: unknown) => unknown) & { errors?: unknown }

/** The compiler that Fastify uses by default, called at the first request. */
export function lazyValidators(): Factory {
  const build: Factory = AjvCompiler()
  return (externalSchemas, options) => {
    const compile = build(externalSchemas, options) as unknown as (route: unknown) => Validate
    const compileLater = (route: unknown): Validate => {
      let compiled: Validate | null = null
      const validate: Validate = (data) => {
        compiled ??= compile(route)
        const isValid = compiled(data)
        validate.errors = compiled.errors
        return isValid
      }
      return validate
    }
    return compileLater as unknown as ReturnType<Factory>
  }
}
