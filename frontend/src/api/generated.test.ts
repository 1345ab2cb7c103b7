// @vitest-environment node
import openapiTS, { astToString, COMMENT_HEADER, type OpenAPI3 } from "openapi-typescript";
import { expect, it } from "vitest";
import description from "../../openapi.json";
import generated from "./generated.ts?raw";

it("the client is the one that the API's description makes (npm run generate)", async () => {
  const tree = await openapiTS(description as unknown as OpenAPI3);
  expect(COMMENT_HEADER + astToString(tree) === generated).toBe(true);
}, 30_000);
