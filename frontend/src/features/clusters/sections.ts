/** An open cluster's images in sections: what people confirmed and what is the model's guess, or by camera. */
import { m } from "../../messages";
import { cameraText } from "./ClusterCard";
import type { ClusterOpen, Member } from "./types";

export type Order = "fit" | "camera";

export interface Section {
  title: string;
  note: string;
  members: Member[];
}

export function sectionsOf({ cluster, groups, members }: ClusterOpen, order: Order): Section[] {
  return order === "camera" ? byCamera(cluster.cameras, members) : byGroup(groups, members);
}

function byGroup(groups: number[], members: Member[]): Section[] {
  const confirmed = groups.map((size, index) => ({
    title: m.clusters.group(index),
    note: m.clusters.groupNote(size),
    members: members.filter((member) => member.group === index),
  }));
  const guess = { title: m.clusters.guess, note: m.clusters.guessNote, members: members.filter((one) => one.group === null) };
  return [...confirmed, guess].filter((section) => section.members.length > 0);
}

function byCamera(cameras: ClusterOpen["cluster"]["cameras"], members: Member[]): Section[] {
  return cameras
    .map(({ camera, images }) => ({
      title: cameraText(camera),
      note: m.clusters.images(images),
      members: members.filter((member) => member.image.camera === camera),
    }))
    .filter((section) => section.members.length > 0);
}
