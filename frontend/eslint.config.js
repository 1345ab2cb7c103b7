import js from "@eslint/js";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** Imports go one way: shared (api, components, messages) -> features -> app. */
const oneWay = (files, patterns) => ({
  files,
  rules: { "no-restricted-imports": ["error", { patterns: patterns.map((group) => ({ group: [group] })) }] },
});

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/api/generated.ts"] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  reactHooks.configs.flat.recommended,
  {
    files: ["public/*.js", "mock/*.js"],
    languageOptions: { globals: { document: "readonly", localStorage: "readonly", matchMedia: "readonly" } },
  },
  { rules: { complexity: ["error", 15], "max-lines": ["error", 300] } },
  { files: ["src/messages/*.ts"], rules: { "max-lines": "off" } },
  oneWay(["src/api/**", "src/components/**", "src/messages/**"], ["**/features/**", "**/app/**"]),
  oneWay(["src/features/**"], ["**/app/**"]),
);
