/** The cluster browser's words of the wire. */
import type { components } from "../../api/generated";

type Schemas = components["schemas"];

export type Cluster = Schemas["ClusterOut"];
export type ClusterPageOut = Schemas["ClusterPage"];
export type ClusterOpen = Schemas["ClusterOpen"];
export type ClusterSort = Schemas["ClusterSort"];
export type Edit = Schemas["EditOut"];
export type EditNew = Schemas["EditNew"];
export type Happening = Schemas["EventOut"];
export type History = Schemas["HistoryOut"];
export type Member = Schemas["MemberOut"];
export type Merge = Schemas["MergeOut"];
export type MergePage = Schemas["MergePage"];
export type Parting = Schemas["Parting"];
