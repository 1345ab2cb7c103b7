/** The words of the wire, from the generated client. */
import type { components } from "./generated";

type Schemas = components["schemas"];

export type Answered = Schemas["Answered"];
export type AnswerNew = Schemas["AnswerNew"];
export type AnswerOut = Schemas["AnswerOut"];
export type BadFile = Schemas["BadFileOut"];
export type EmptyReason = Schemas["EmptyReason"];
export type Folder = Schemas["Folder"];
export type Image = Schemas["ImageOut"];
export type ImportReport = Schemas["ImportReport"];
export type ImportSynth = Schemas["ImportSynth"];
export type Lease = Schemas["Lease"];
export type Leases = Schemas["Leases"];
export type LossPoint = Schemas["LossPoint"];
export type Person = Schemas["Person"];
export type Preset = Schemas["Preset"];
export type Project = Schemas["Project"];
export type LinkMade = Schemas["LinkMade"];
export type Quality = Schemas["Quality"];
export type Question = Schemas["QuestionOut"];
export type QueueProgress = Schemas["QueueProgress"];
export type Reversal = Schemas["Reversal"];
export type Role = Schemas["Role"];
export type Round = Schemas["Round"];
export type Run = Schemas["Run"];
export type RunAction = Schemas["RunAction"];
export type RunMetrics = Schemas["RunMetrics"];
export type RunState = Schemas["RunState"];
export type Session = Schemas["Session"];
export type Side = Schemas["Side"];
export type Token = Schemas["Token"];
export type TokenMade = Schemas["TokenMade"];
export type Undone = Schemas["Undone"];
export type Verdict = NonNullable<AnswerNew["verdict"]>;
