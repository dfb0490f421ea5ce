/**
 * Validators compiled when a request first needs them: a fifth of the start is Ajv generating code
 * for routes that are mostly rarely used. A test compiles each of them, so that a schema that does
 * not compile is found before a request needs it.
 */
import AjvCompiler from '@fastify/ajv-compiler'

type Factory = AjvCompiler.BuildCompilerFromPool
/** The form Fastify expects: returns false and leaves the errors in `errors`. */
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
